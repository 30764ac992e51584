"""What the screen says while its program starts anew, and about the size of its text."""

from kiosk_tui.catalogue import _

PLEASE_WAIT = _("请稍候")
WAIT_DETAIL = _("马上就好。打卡请再等几秒。")
SIZE_BY_TERMINAL = _("字的大小由这个窗口自己定。")
SIZE_BY_SCREEN = _("这块屏幕小，字已经最大了。")

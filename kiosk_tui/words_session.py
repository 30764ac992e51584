"""What the screen says while its program starts anew, and about the size of its text."""

PLEASE_WAIT = "请稍候"
WAIT_DETAIL = "马上就好。打卡请再等几秒。"
SIZE_BY_TERMINAL = "字的大小由这个窗口自己定。"
SIZE_BY_SCREEN = "这块屏幕小，字已经最大了。"

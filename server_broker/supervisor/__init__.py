"""Starting and stopping the parts of a county in order."""

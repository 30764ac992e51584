"""Django looks for an app's commands here."""

"""What each chapter and the whole site rest on, and whether that has changed since."""

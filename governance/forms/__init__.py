"""The forms of governance. They read and show; services judge and write."""

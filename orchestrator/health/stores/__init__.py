"""Where marks are kept: this process's memory, or a file that processes share."""

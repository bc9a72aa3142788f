"""Where models compute: processor or graphics card, at which precision, with how much memory."""

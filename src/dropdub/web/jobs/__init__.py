"""Jobs over HTTP: waiting for them, looking at them, changing them."""

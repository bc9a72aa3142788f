import dropdub.web.wyoming  # noqa: F401  (imports the protocol's library without a warning that would be an error)

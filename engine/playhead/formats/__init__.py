"""Log formats: each module turns one kind of log into drafts of events; the registry recognises which one a file is."""

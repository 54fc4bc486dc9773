"""Minutes of faults: workers, beat, PostgreSQL and Valkey die under load, and SQL judges the rest.

    plan       which fault comes when, all from one seed
    servers    PostgreSQL and Valkey on addresses that stay, each to be killed and started again
    clients    what applications send meanwhile, and what they do when they are told of an error
    judge      what must hold afterwards, by SQL of its own

`make faults` runs five minutes with a seed of its own, and prints it; `FAULTS_SEED=n` plans and
sends the same again, `FAULTS_SECONDS` says for how long.
"""

"""Where an organization's rows live: set up, moved, removed, each as a job of small steps.

    places      which placement an organization gets, and what one is called
    jobs        the state machine: one worker at a time, resumed at the step where it was cut off
    reports     what each job did, signed, for the organization to keep
    preparing   a placement made ready: database, schema, audit
    provision   an organization set up in its placement
    moving      an organization carried to another placement while it works
    removing    an organization and everything of it gone

Each step may be run again at any time, and says what it did in the job's report.
"""

"""The whole structure of an organization as one YAML file: what it says, and how it becomes so.

    tree       text to nodes that know their lines: no tags, no anchors, nothing too deep or too long
    fields     nodes to values, each mistake with its path and line
    book       what names stand for: of the organization as it is, and of the file
    section    what every noun has in common; one module for each of them below
    writing    values to text, in one order, so that two exports of the same are the same
    planning   what an import would add, change and remove; nothing is written
    importing  the plan, through the services of each noun, all or nothing
    exporting  the organization as a file

A new noun is a module with a `Section` and its line in `registry`.
"""

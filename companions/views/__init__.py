"""What people see of companions: a module for each thing that has pages."""

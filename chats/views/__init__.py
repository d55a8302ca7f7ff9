"""What people see of their conversations."""

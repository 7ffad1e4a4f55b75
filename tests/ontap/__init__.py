"""Real ONTAP clients, run against the ONTAP face."""

"""Real ONTAP clients, run against the ONTAP endpoint."""

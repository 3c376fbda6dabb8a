"""The AWS of this project on one machine: moto's server, extended where moto only pretends."""

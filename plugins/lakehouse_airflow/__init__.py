"""What the DAGs are made of: operators, the sensor, and the steps between the Glue jobs."""

"""What `lienthong doctor` examines: the machine, the embedded servers, the broker, the database."""

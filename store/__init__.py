"""What fenban remembers: schema, migrations, unit of work, repositories, vault, read-only queries."""

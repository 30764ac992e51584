"""Where every fact went that a station issued: counted, compared along its lineage, and watched."""

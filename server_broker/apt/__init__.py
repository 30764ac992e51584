"""The signed apt repository from which stations that were installed by hand get new versions of their package."""

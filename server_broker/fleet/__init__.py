"""The stations: who they are, what they last said, how far their streams have got."""

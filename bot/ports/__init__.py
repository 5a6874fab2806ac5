"""The verbs that a job needs, as protocols, by the side that fills them."""

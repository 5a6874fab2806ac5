"""The methods of the Web API, by family. Each acts on the state at once and returns its answer."""

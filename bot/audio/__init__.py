"""Audio preparation: decodes, cuts and encodes shared recordings into segments that the recogniser takes."""

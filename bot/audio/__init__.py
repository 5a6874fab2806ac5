"""The audio room: checks what people share and makes of it what the recogniser takes."""

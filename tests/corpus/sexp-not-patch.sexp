(pitch (nodes))

"""The fast transcriber for clean speech: Parakeet models on onnxruntime."""

import NCTEngine

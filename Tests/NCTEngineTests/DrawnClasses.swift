import NCTEngine

/// A disk of a class, over what is there.
func draw(_ kind: SmearClass, at center: (Int, Int), radius: Int, on map: inout LabelMap<SmearClass>) {
    for y in max(0, center.1 - radius)...min(map.height - 1, center.1 + radius) {
        for x in max(0, center.0 - radius)...min(map.width - 1, center.0 + radius) {
            let (dx, dy) = (x - center.0, y - center.1)
            if dx * dx + dy * dy <= radius * radius { map[x, y] = kind }
        }
    }
}

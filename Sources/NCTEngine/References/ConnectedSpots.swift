/// The 4-connected regions of one label.
package struct ConnectedSpots {
    /// Index of the region a pixel, −1 outside.
    package let labels: [Int32]
    /// Pixels by region.
    package let areas: [Int]
    let touchesBorder: [Bool]

    /// Cost linear in the pixels.
    ///
    /// - Parameter mask: where there is no data there is a border.
    package init(_ map: LabelMap, label: UInt8, mask: DataMask? = nil) {
        let (width, height) = (map.width, map.height)
        var labels = [Int32](repeating: -1, count: width * height)
        var areas: [Int] = []
        var touches: [Bool] = []
        var stack: [Int] = []
        for start in 0..<width * height where map.labels[start] == label && labels[start] < 0 {
            let region = Int32(areas.count)
            var area = 0
            var border = false
            labels[start] = region
            stack.append(start)
            while let pixel = stack.popLast() {
                area += 1
                let (x, y) = (pixel % width, pixel / width)
                border =
                    border || x == 0 || y == 0 || x == width - 1 || y == height - 1 || mask?.isAtEdge(pixel) == true
                func visit(_ next: Int) {
                    guard map.labels[next] == label, labels[next] < 0 else { return }
                    labels[next] = region
                    stack.append(next)
                }
                if x > 0 { visit(pixel - 1) }
                if x < width - 1 { visit(pixel + 1) }
                if y > 0 { visit(pixel - width) }
                if y < height - 1 { visit(pixel + width) }
            }
            areas.append(area)
            touches.append(border)
        }
        self.labels = labels
        self.areas = areas
        touchesBorder = touches
    }
}

import NCTEngine
import Testing

@Suite("Connected spots")
struct ConnectedSpotsTests {
    /// Each pixel's region by walking from neighbor to neighbor, regions by their first pixels.
    private func walked(_ mask: PixelMask) -> [Int32] {
        let (width, height) = (mask.width, mask.height)
        var labels = [Int32](repeating: -1, count: width * height)
        var next: Int32 = 0
        for start in labels.indices where mask.isSet[start] && labels[start] < 0 {
            var open = [start]
            labels[start] = next
            while let pixel = open.popLast() {
                let (x, y) = (pixel % width, pixel / width)
                for (column, row) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
                where column >= 0 && column < width && row >= 0 && row < height {
                    let other = row * width + column
                    if mask.isSet[other], labels[other] < 0 {
                        labels[other] = next
                        open.append(other)
                    }
                }
            }
            next += 1
        }
        return labels
    }

    @Test("Regions are those of a walk from neighbor to neighbor", arguments: 1...300)
    func likeWalking(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let (width, height) = (Int.random(in: 1...24, using: &generator), Int.random(in: 1...24, using: &generator))
        let share = Double.random(in: 0...1, using: &generator)
        func random() -> [Bool] {
            (0..<width * height).map { _ in Double.random(in: 0..<1, using: &generator) < share }
        }
        let mask = PixelMask(width: width, height: height, isSet: random())
        let data = DataMask(width: width, height: height, isData: random())
        let (found, walked) = (ConnectedSpots(mask, within: data), walked(mask))
        #expect(found.labels == walked, "seed \(seed)")
        for region in found.areas.indices {
            let pixels = walked.indices.filter { walked[$0] == Int32(region) }
            #expect(found.areas[region] == pixels.count, "seed \(seed), region \(region)")
            #expect(
                found.touchesBorder[region]
                    == pixels.contains { mask.isAtBorder($0) || data?.isAtEdge($0) == true },
                "seed \(seed), region \(region)")
        }
        #expect(found.areas.count == Int(walked.max() ?? -1) + 1, "seed \(seed)")
    }
}

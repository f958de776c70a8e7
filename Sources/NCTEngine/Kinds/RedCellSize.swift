/// How large an ordinary red cell of a field is: the unit that sizes of cells are told in.
enum RedCellSize {
    /// How much wider a white cell is than a red one, about.
    private static let whiteWidth: Float = 1.7
    /// Half of a disk's chords, each weighted by its length, are longer than this share of its diameter.
    private static let chord: Float = 0.93
    /// Shorter runs are borders of something, in pixels.
    private static let leastRun = 4

    /// The area in pixels of a red cell of a map of ``SmearClass``; nil if no cell stands free.
    ///
    /// A run that is mostly a white cell's tells of a red one that is narrower, so that a field of a white cell alone
    /// has a unit too.
    static func area(_ map: LabelMap, mask: DataMask? = nil) -> Float? {
        let isWhite = SmearClass.allCases.map { $0 == .nucleus || $0 == .cytoplasm }
        return area(map, background: SmearClass.background.rawValue, mask: mask) { isWhite[Int($0)] }
    }

    /// From the runs of foreground in rows and columns between background on both sides, the median by length.
    ///
    /// - Parameters:
    ///   - mask: runs that end where there is no data are cut, as those that end at the border.
    ///   - isWhite: whether a label is a white cell's.
    static func area(
        _ labels: LabelMap, background: UInt8, mask: DataMask? = nil, isWhite: (UInt8) -> Bool
    ) -> Float? {
        let (width, height) = (labels.width, labels.height)
        var histogram = [Int](repeating: 0, count: max(width, height) + 1)
        func scan(_ count: Int, _ place: (Int) -> Int) {
            var start: Int?
            var (white, isCut) = (0, true)
            for index in 0..<count {
                let pixel = place(index)
                guard mask.isData(pixel) else {
                    (start, isCut) = (nil, true)
                    continue
                }
                let found = labels.labels[pixel]
                if found == background {
                    isCut = false
                    if let start, start >= 0, index - start >= leastRun {
                        let length = index - start
                        let likeRed = 2 * white > length ? Int((Float(length) / whiteWidth).rounded()) : length
                        histogram[likeRed] += length
                    }
                    start = nil
                    continue
                }
                if start == nil {
                    start = isCut ? -1 : index
                    white = 0
                }
                if isWhite(found) { white += 1 }
            }
        }
        for y in stride(from: 0, to: height, by: 2) { scan(width) { y * width + $0 } }
        for x in stride(from: 0, to: width, by: 2) { scan(height) { $0 * width + x } }
        let total = histogram.reduce(0, +)
        guard total > 0 else { return nil }
        var below = 0
        let median =
            histogram.firstIndex {
                below += $0
                return below * 2 >= total
            } ?? 0
        let diameter = Float(median) / chord
        return diameter * diameter * .pi / 4
    }
}

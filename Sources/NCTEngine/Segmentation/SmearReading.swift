/// One look of ``SmearNet`` at an image, for all that is wanted of it: the features of whichever levels and parts, and
/// the classes.
///
/// Holds the decoder's maps of the reduced image, a few dozen megabytes whatever the image's size.
package struct SmearReading: FeatureReading {
    /// What the network looked at, and which of it is data.
    private let reduced: RGBImage
    private let mask: DataMask?
    /// By level, from the finest that was asked for to 5.
    private let maps: [Int: FeatureMap]
    /// What the image was reduced by.
    private let scale: Int
    private let imageWidth: Int
    private let imageHeight: Int
    private var levels: Set<Int>

    /// - Parameter finest: the finest level that will be asked for; 1 for the classes.
    package init(of field: FieldImage, finest: Int, by network: SmearNet, workers: Workers) {
        let image = field.image
        scale = SmearNet.reduction(width: image.width, height: image.height)
        reduced = Reduction.box(image, by: scale, workers: workers)
        mask = field.mask.reduced(by: scale)
        maps = network.decoded(reduced, mask: mask, finest: finest, workers: workers)
        (imageWidth, imageHeight) = (image.width, image.height)
        levels = Set(maps.keys)
    }

    /// The same reading for these levels.
    package func serving(_ levels: Set<Int>) -> SmearReading {
        var reading = self
        reading.levels = levels
        return reading
    }

    package func features(of area: PixelArea, workers: Workers) throws -> [Int: FeatureMap] {
        Dictionary(uniqueKeysWithValues: levels.map { ($0, part(area, ofLevel: $0, workers: workers)) })
    }

    /// - Parameter corrected: whether the field's colors correct the network's classes (``ClassColorModel``).
    /// - Precondition: the reading's finest level is 1.
    package func segmentation(by network: SmearNet, corrected: Bool = true, workers: Workers) -> SmearSegmentation {
        let scores = network.scores(of: maps, mask: mask, workers: workers)
        return SmearSegmentation(
            scores: scores.classes, smearScore: scores.smear, colors: LabImage(reduced, workers: workers), mask: mask,
            corrected: corrected, reduction: scale, imageWidth: imageWidth, imageHeight: imageHeight, workers: workers)
    }

    /// A map of the reduced image on the grid that the level has for a part of the image itself.
    private func part(_ area: PixelArea, ofLevel level: Int, workers: Workers) -> FeatureMap {
        let map = maps[level]!
        let whole = area == PixelArea(x: 0, y: 0, width: imageWidth, height: imageHeight)
        if scale == 1, whole { return map }
        var result = FeatureMap(
            width: area.width >> (level - 1), height: area.height >> (level - 1), channels: map.channels)
        Enlargement.add(
            map, to: &result, scale: scale, origin: (area.x >> (level - 1), area.y >> (level - 1)), workers: workers)
        return result
    }
}

/// A field as the engine works on it: an image, and which of its pixels are data.
package struct FieldImage: Sendable, Equatable {
    package let image: RGBImage
    /// Nil where all of it is data.
    package let mask: DataMask?

    package init(_ image: RGBImage, mask: DataMask? = nil) {
        self.image = image
        self.mask = mask
    }

    /// What of an image is data (``ValidArea``); all of it where there is nothing else.
    package init(ofDataIn image: RGBImage, workers: Workers) {
        self = ValidArea(of: image, workers: workers)?.field(of: image) ?? FieldImage(image)
    }

    /// What of each of a profile's references is data.
    ///
    /// Throws ``EngineError/Code/invalidParameter`` unless there are one to three, and ``EngineError/Code/invalidSamples``.
    package static func references(_ images: [RGBImage], workers: Workers) throws -> [FieldImage] {
        guard (1...3).contains(images.count) else {
            throw EngineError(
                .invalidParameter, "\(images.count) references were given", subject: .references,
                remedy: "give one to three")
        }
        for (index, image) in images.enumerated() { try image.requireSound(.reference(index)) }
        return images.map { FieldImage(ofDataIn: $0, workers: workers) }
    }

    /// Its pixels that are data, in a row if some are not.
    package var data: RGBImage { mask.data(of: image) }
}

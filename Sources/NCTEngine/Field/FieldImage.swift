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

    /// Its pixels that are data, in a row if some are not.
    package var data: RGBImage { mask.data(of: image) }
}

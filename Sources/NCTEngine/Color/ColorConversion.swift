extension LabImage {
    /// Converts sRGB (IEC 61966-2-1) to CIELAB under D65. Cost linear in the pixels.
    public init(_ image: RGBImage, workers: Workers = Workers(threads: 1)) {
        self.init(
            width: image.width, height: image.height,
            samples: ColorKernels.labFromSRGB(image.samples, workers: workers))
    }

    /// Back to sRGB, clipped to its gamut, with the number of pixels that had to be clipped (by more than half an
    /// 8-bit step).
    public func rgbImage(workers: Workers = Workers(threads: 1)) -> (image: RGBImage, clipped: Int) {
        let (samples, clipped) = ColorKernels.sRGBFromLab(self.samples, workers: workers)
        return (RGBImage(width: width, height: height, samples: samples), clipped)
    }

    /// The same, of which nothing of this image is left: its samples become the other's.
    package mutating func takeRGBImage(workers: Workers) -> (image: RGBImage, clipped: Int) {
        var taken: [Float] = []
        swap(&taken, &samples)
        let clipped = ColorKernels.convertLabToSRGB(&taken, workers: workers)
        return (RGBImage(width: width, height: height, samples: taken), clipped)
    }
}

extension RGBImage {
    /// Luminance 0…1 of the encoded samples: Rec. 601 (the paper's Eq. 3) or Rec. 709 (its Eq. 2).
    public func luminance(
        _ standard: NormalizationParameters.LuminanceStandard = .rec601, workers: Workers = Workers(threads: 1)
    ) -> Plane {
        let weights: (Float, Float, Float) =
            switch standard {
            case .rec601: (0.299, 0.587, 0.114)
            case .rec709: (0.2126, 0.7152, 0.0722)
            }
        return Plane(
            width: width, height: height,
            values: ColorKernels.luminance(samples, weights: weights, workers: workers))
    }
}

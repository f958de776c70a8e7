import NCTEngine

/// A decoded image file: the picture upright and in sRGB, and what the file says about itself.
public struct ImageFile: Sendable, Equatable {
    /// `height × width × 3`; gray is repeated in all three channels, the orientation is applied already, and what is
    /// transparent was laid over the picture's own background.
    public var image: RGBImage
    /// What the file says besides.
    public var metadata: ImageMetadata

    /// An image and what is said of it; by default 8 bits per sample, and nothing else.
    public init(image: RGBImage, metadata: ImageMetadata = ImageMetadata(format: .png)) {
        self.image = image
        self.metadata = metadata
    }
}

/// The formats that are read and written.
public enum ImageFormat: String, Sendable, Codable, CaseIterable {
    case png, jpeg, tiff, bmp

    /// The usual extension, without a dot.
    public var fileExtension: String {
        switch self {
        case .jpeg: "jpg"
        case .tiff: "tif"
        case .png, .bmp: rawValue
        }
    }

    /// Whether the format can hold 16 bits per sample.
    public var holds16Bits: Bool { self == .png || self == .tiff }
}

/// How densely the pixels lie, in pixels per meter along each axis of the upright image.
public struct ImageResolution: Sendable, Equatable, Codable {
    /// Pixels a meter across.
    public var x: Double
    /// Pixels a meter down.
    public var y: Double

    /// Both.
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// What an image file says about itself besides the pixels.
///
/// The writers carry `resolution` and (through `ImageWriteOptions`) `bitDepth` to the output. The rest describes the source
/// and is not written. None of it decides over pixels but by what the formats say of them, and what cannot be used is a
/// warning.
public struct ImageMetadata: Sendable, Equatable {
    /// The file's format.
    public var format: ImageFormat
    /// 8 or 16 bits per sample; 1, 2 and 4 count as 8.
    public var bitDepth: Int
    /// Channels in the file, 1…4 (more where a TIFF has extra ones); a palette counts as the colors it stands for.
    public var channels: Int
    /// Nil where the file does not say it.
    public var resolution: ImageResolution?
    /// How the colors were brought to sRGB; nil where they were that already.
    public var colorConversion: ColorConversion?
    /// How many of 16 bits count; nil for all.
    public var sampleBits: SampleBits?
    /// Which page of the file this is, from 1 on, and how many it has (TIFF).
    public var page = 1
    /// How many pages the file has.
    public var pageCount = 1
    /// The camera's maker.
    public var make: String?
    /// The camera.
    public var model: String?
    /// The program that wrote the file.
    public var software: String?
    /// As the microscope's program names it.
    public var objective: String?
    /// Seconds.
    public var exposure: Double?
    /// When the picture was taken (EXIF `DateTimeOriginal`, otherwise `DateTime`), as the file writes it:
    /// `2024:01:31 12:34:56`.
    public var capturedAt: String?
    /// The EXIF orientation found in the file, 1…8; the pixels are upright already.
    public var orientationApplied: Int
    /// What the decoder remarked on without failing, one sentence each.
    public var warnings: [String]

    /// What is known; the rest is nil.
    public init(
        format: ImageFormat, bitDepth: Int = 8, channels: Int = 3, resolution: ImageResolution? = nil,
        make: String? = nil, model: String? = nil, software: String? = nil,
        capturedAt: String? = nil, orientationApplied: Int = 1, warnings: [String] = []
    ) {
        self.format = format
        self.bitDepth = bitDepth
        self.channels = channels
        self.resolution = resolution
        self.make = make
        self.model = model
        self.software = software
        self.capturedAt = capturedAt
        self.orientationApplied = orientationApplied
        self.warnings = warnings
    }
}

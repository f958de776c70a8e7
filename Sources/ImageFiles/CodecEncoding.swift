import CImageCodecs
import NCTEngine

extension Codec {
    /// The image as dense samples, 16 bits in the machine's byte order.
    static func samples(_ image: RGBImage, depth: Int) -> [UInt8] {
        let count = image.samples.count
        return image.samples.withUnsafeBufferPointer { rgb in
            [UInt8](unsafeUninitializedCapacity: count * depth / 8) { out, initialized in
                nct_float_to_samples(rgb.baseAddress!, count, Int32(depth), out.baseAddress!)
                initialized = count * depth / 8
            }
        }
    }

    static func encode(
        _ file: ImageFile, options: ImageWriteOptions, depth: Int
    ) throws(ImageFileError) -> [UInt8] {
        if options.format == .bmp { return try BMPWriter.encode(file) }
        let pixels = samples(file.image, depth: depth)
        var exif: [UInt8] = []
        if options.format == .jpeg, let resolution = file.metadata.resolution,
            max(resolution.x, resolution.y) * 0.0254 >= 65535, min(resolution.x, resolution.y) > 0
        {
            exif = ExifBlock.make(resolution: resolution)
        }
        return try pixels.withUnsafeBytes { pixels in
            exif.withUnsafeBufferPointer { exif in
                var picture = nct_picture()
                picture.width = UInt32(file.image.width)
                picture.height = UInt32(file.image.height)
                picture.bits = Int32(depth)
                picture.channels = 3
                picture.pixels = pixels.baseAddress
                picture.exif = exif.isEmpty ? nil : exif.baseAddress
                picture.exif_count = exif.count
                picture.pixels_per_meter_x = file.metadata.resolution?.x ?? 0
                picture.pixels_per_meter_y = file.metadata.resolution?.y ?? 0
                picture.jpeg_quality = Int32(options.jpegQuality)
                picture.png_compression = Int32(options.pngCompression)
                return encoded(picture, as: options.format)
            }
        }.get()
    }

    /// Labels as an 8-bit gray PNG.
    static func encode<Label>(_ labels: LabelMap<Label>, compression: Int) throws(ImageFileError) -> [UInt8] {
        try labels.bytes.withUnsafeBytes { pixels in
            var picture = nct_picture()
            picture.width = UInt32(labels.width)
            picture.height = UInt32(labels.height)
            picture.bits = 8
            picture.channels = 1
            picture.pixels = pixels.baseAddress
            picture.png_compression = Int32(compression)
            return encoded(picture, as: .png)
        }.get()
    }

    /// The picture's file; what it points to is only read from.
    private static func encoded(_ picture: nct_picture, as format: ImageFormat) -> Result<[UInt8], ImageFileError> {
        var picture = picture
        var output = nct_output()
        nct_output_init(&output)
        defer { nct_output_free(&output) }
        let status =
            switch format {
            case .png: nct_png_encode(&picture, &output)
            case .jpeg: nct_jpeg_encode(&picture, &output)
            case .tiff, .bmp: nct_tiff_encode(&picture, &output)
            }
        guard status == NCT_OK, let bytes = output.bytes else {
            return .failure(
                failure(
                    status == NCT_CORRUPT ? NCT_UNSUPPORTED : status, String(cString: nct_output_message(&output)),
                    format: format, path: "\(format.rawValue) output"))
        }
        return .success([UInt8](UnsafeBufferPointer(start: bytes, count: output.count)))
    }
}

enum BMPWriter {
    static func encode(_ file: ImageFile) throws(ImageFileError) -> [UInt8] {
        throw ImageFileError(.unsupported, "BMP is not written yet", path: "bmp output", remedy: "write a PNG file")
    }
}

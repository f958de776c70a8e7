/// The headers of a BMP file. Source: Microsoft, "Bitmap Header Types".
struct BMPHeader {
    /// The sizes of the known information headers: core, three of the Windows 3 family, V4, V5.
    static let sizes: Set<Int> = [12, 40, 52, 56, 108, 124]

    static func size(_ view: ByteView) -> (width: Int, height: Int)? {
        guard let headerSize = view.u32(at: 14) else { return nil }
        if headerSize == 12 {
            guard let width = view.u16(at: 18), let height = view.u16(at: 20) else { return nil }
            return (width, height)
        }
        guard let width = view.i32(at: 18), let height = view.i32(at: 22) else { return nil }
        return (max(width, 0), abs(height))
    }
}

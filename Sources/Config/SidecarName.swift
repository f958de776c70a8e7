/// What a result's sidecar is called: like its image, with `.json` behind that.
public enum SidecarName {
    private static let ending = ".json"

    public static func of(_ image: String) -> String { image + ending }

    /// The same of a name of any bytes.
    public static func of<Name: RangeReplaceableCollection>(_ image: Name) -> Name where Name.Element == UInt8 {
        image + Array(ending.utf8)
    }

    /// The image that a sidecar of that name lies beside; nil for a name that is no sidecar's.
    public static func image<Name: RangeReplaceableCollection & BidirectionalCollection>(
        of sidecar: Name
    ) -> Name? where Name.Element == UInt8 {
        let count = ending.utf8.count
        return sidecar.suffix(count).elementsEqual(ending.utf8) ? Name(sidecar.dropLast(count)) : nil
    }
}

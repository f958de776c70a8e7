import Foundation

/// The system's own words for an error, without Foundation's wrapping.
public enum SystemError {
    public static func text(_ error: any Error) -> String {
        let outer = error as NSError
        if let inner = outer.userInfo[NSUnderlyingErrorKey] as? NSError, inner.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(inner.code)))
        }
        if outer.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(outer.code))) }
        return outer.localizedDescription
    }
}

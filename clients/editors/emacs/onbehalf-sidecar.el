;;; onbehalf-sidecar.el --- Calls to the onbehalf sidecar  -*- lexical-binding: t; -*-

;;; Commentary:

;; One sidecar for this Emacs, started by the first call and again by the first after it has ended.  Every call is
;; answered exactly once, by a result or an error; a sidecar that ends answers what it owes with `sidecar_exited'.

;;; Code:

(require 'cl-lib)
(require 'jsonrpc)
(require 'subr-x)
(require 'onbehalf-process)

(defvar onbehalf--current nil "The connection to the sidecar, or nil.")
(defvar onbehalf--watchers (make-hash-table :test #'equal) "By token, what wants the progress of a call.")
(defvar onbehalf--last-token 0 "The number in the last token given.")
(defvar onbehalf--sent-id nil "The id of the request that is being sent.")

(cl-defstruct (onbehalf--call (:constructor onbehalf--make-call)) connection id token answered)

(defun onbehalf--ready ()
  "Return the connection to a running sidecar."
  (unless (and onbehalf--current (jsonrpc-running-p onbehalf--current))
    (setq onbehalf--current (onbehalf--start #'onbehalf--notified)))
  onbehalf--current)

(defun onbehalf-stop ()
  "End the sidecar, and with it the keys and tokens in its memory.
The next request makes another."
  (interactive)
  (when onbehalf--current
    (onbehalf--end onbehalf--current)
    (setq onbehalf--current nil)))

(cl-defmethod jsonrpc-connection-send :before ((_ onbehalf--connection) &key id &allow-other-keys)
  "Remember ID, which `jsonrpc-async-request' does not tell."
  (unless onbehalf--sent-id (setq onbehalf--sent-id id)))

(defun onbehalf--notified (_connection method params)
  "Pass PARAMS of the notification METHOD to what watches the call."
  (when (eq method '$/progress)
    (when-let ((watcher (gethash (plist-get params :token) onbehalf--watchers)))
      (onbehalf--safely watcher (plist-get params :value)))))

(defun onbehalf--safely (function value)
  "Call FUNCTION with VALUE.
An error must not keep the messages behind it from being read."
  (with-demoted-errors "OnBehalf: %S" (funcall function value)))

(cl-defun onbehalf--send (method params &key done failed progress)
  "Call METHOD with PARAMS and return the call.
Either DONE gets its result or FAILED its error, once.  PROGRESS
gets what is told before."
  (let* ((connection (onbehalf--ready))
         (token (and progress (format "emacs-%d" (cl-incf onbehalf--last-token))))
         (call (onbehalf--make-call :connection connection :token token))
         (answer (lambda (function value)
                   (setf (onbehalf--call-answered call) t)
                   (remhash token onbehalf--watchers)
                   (onbehalf--safely function value)))
         onbehalf--sent-id)
    (when token (puthash token progress onbehalf--watchers))
    (condition-case problem
        (jsonrpc-async-request
         connection method (if token `(,@params :workDoneToken ,token) params)
         :timeout nil
         :success-fn (lambda (result) (funcall answer done result))
         :error-fn (lambda (error)
                     (funcall answer failed (if (plist-get error :data) error (onbehalf--exited connection)))))
      (error
       (remhash token onbehalf--watchers)
       (user-error "The request could not be sent: %s" (onbehalf--line (error-message-string problem)))))
    (setf (onbehalf--call-id call) onbehalf--sent-id)
    call))

(defun onbehalf--withdraw (call)
  "Cancel CALL.
It is answered with the error `cancelled', or with what became of it."
  (let ((connection (onbehalf--call-connection call)))
    (when (and (not (onbehalf--call-answered call)) (jsonrpc-running-p connection))
      (jsonrpc-notify connection '$/cancelRequest (list :id (onbehalf--call-id call))))))

(defun onbehalf--wait (method params)
  "Call METHOD with PARAMS and return its result.  Quitting cancels the call."
  (let* (result error
         (call (onbehalf--send method params :done (lambda (value) (setq result value))
                               :failed (lambda (value) (setq error value)))))
    (unwind-protect
        (while (not (onbehalf--call-answered call)) (accept-process-output nil 1))
      (onbehalf--withdraw call))
    (when error (onbehalf--refuse error))
    result))

(provide 'onbehalf-sidecar)
;;; onbehalf-sidecar.el ends here

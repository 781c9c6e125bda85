#pragma once
#include <libsecret/secret.h>

// A Secret Service that never asks the person at the screen, on a D-Bus connection of our choice; and one that may.
//
// libsecret answers a prompt that the service offers by running it. This subclass dismisses it and reports a locked
// item, whichever call the prompt came from. GObject classes cannot be written in Swift; everything else is.

static void onbehalf_dismiss(SecretPrompt *prompt) {
  g_dbus_proxy_call(G_DBUS_PROXY(prompt), "Dismiss", NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

#define ONBEHALF_PROMPT_REFUSED "the service wants to ask somebody at the screen first"

static GVariant *onbehalf_prompt_sync(SecretService *service, SecretPrompt *prompt, GCancellable *cancellable,
                                      const GVariantType *type, GError **error) {
  (void)service, (void)cancellable, (void)type;
  onbehalf_dismiss(prompt);
  g_set_error_literal(error, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, ONBEHALF_PROMPT_REFUSED);
  return NULL;
}

static void onbehalf_prompt_async(SecretService *service, SecretPrompt *prompt, const GVariantType *type,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data) {
  (void)type;
  GTask *task = g_task_new(service, cancellable, callback, data);
  onbehalf_dismiss(prompt);
  g_task_return_new_error(task, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "%s", ONBEHALF_PROMPT_REFUSED);
  g_object_unref(task);
}

static GVariant *onbehalf_prompt_finish(SecretService *service, GAsyncResult *result, GError **error) {
  (void)service;
  return (GVariant *)g_task_propagate_pointer(G_TASK(result), error);
}

/// libsecret's constructor insists on the session bus of the environment; the connection given replaces it.
static GObject *onbehalf_construct(GType type, guint count, GObjectConstructParam *properties) {
  GObjectClass *parent = G_OBJECT_CLASS(g_type_class_peek(SECRET_TYPE_SERVICE));
  GObject *object = parent->constructor(type, count, properties);
  g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE, "g-name", "org.freedesktop.secrets", NULL);
  return object;
}

static void onbehalf_prompting_class_init(gpointer class_pointer, gpointer data) {
  (void)data;
  G_OBJECT_CLASS(class_pointer)->constructor = onbehalf_construct;
}

static void onbehalf_class_init(gpointer class_pointer, gpointer data) {
  onbehalf_prompting_class_init(class_pointer, data);
  SecretServiceClass *service = SECRET_SERVICE_CLASS(class_pointer);
  service->prompt_sync = onbehalf_prompt_sync;
  service->prompt_async = onbehalf_prompt_async;
  service->prompt_finish = onbehalf_prompt_finish;
}

/// Registers the class. To be called once in a process.
static inline GType onbehalf_service_register(void) {
  return g_type_register_static_simple(SECRET_TYPE_SERVICE, "OnBehalfSecretService", sizeof(SecretServiceClass),
                                       onbehalf_class_init, sizeof(SecretService), NULL, (GTypeFlags)0);
}

/// Registers the class whose prompts are shown, for the one call that may ask. To be called once in a process.
static inline GType onbehalf_prompting_service_register(void) {
  return g_type_register_static_simple(SECRET_TYPE_SERVICE, "OnBehalfPromptingService", sizeof(SecretServiceClass),
                                       onbehalf_prompting_class_init, sizeof(SecretService), NULL, (GTypeFlags)0);
}

/// A service of that class with a session for secrets; the caller owns the reference. NULL with `error` set.
static inline SecretService *onbehalf_service_open(GType type, GDBusConnection *connection, GCancellable *cancellable,
                                                   GError **error) {
  return (SecretService *)g_initable_new(type, cancellable, error, "g-connection", connection, "flags",
                                         SECRET_SERVICE_OPEN_SESSION, NULL);
}
